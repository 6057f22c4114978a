"""The store's orders: a made-up part that is a function of its plan, and what was changed since."""
