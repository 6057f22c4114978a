"""BigCommerce's side of OAuth: apps, the consent page, the token call, and the calls an app gets from then on."""
