"""What runs inside a platform: what grades there, and what speaks to it."""
