-- import_listings/load: the matches are known; the planner must know their number too.

analyze staging.match;
