"""The kit as other systems want it: zips to upload, and what runs there."""
