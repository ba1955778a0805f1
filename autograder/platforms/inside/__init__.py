"""What runs where a platform grades, with a kit that comes with the job: a module for each platform."""
