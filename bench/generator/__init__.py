"""Makes data of the shape of ours in any amount: what a class needs is read from the shapes."""
