"""Who reads a picture without a judge: readings, the outcomes they give, and their own error."""
