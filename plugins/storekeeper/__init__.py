"""Storekeeper keeps BigCommerce stores and a Postgres warehouse in step."""
