"""What the kit promises about itself, and the measurements that show it."""
