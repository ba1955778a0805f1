"""Files that nobody wrote: composed of right fragments, mutated, judged by an oracle and the suite."""
