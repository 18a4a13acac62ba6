"""The methods' attention as pure functions of tensors and a layout: torch alone."""
