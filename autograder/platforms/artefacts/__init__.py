"""What each platform is given: a module for each zip."""
