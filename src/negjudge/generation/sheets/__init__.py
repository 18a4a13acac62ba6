"""Pictures of pictures: contact sheets, heat maps of attention."""
