"""The project's papers; those that can be generated are, and CI fails where one has drifted."""
