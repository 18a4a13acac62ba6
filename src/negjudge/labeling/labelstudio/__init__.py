"""One Label Studio server and what is asked of it: nothing here knows of labels."""
