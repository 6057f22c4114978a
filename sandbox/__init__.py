"""A BigCommerce store on localhost, true to BigCommerce's published OpenAPI files."""
