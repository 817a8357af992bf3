"""Google Cloud: what its REST APIs say."""
