"""Labels from people through Label Studio: pictures out, votes back, labels and agreement computed."""
