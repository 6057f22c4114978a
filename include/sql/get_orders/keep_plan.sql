-- get_orders/extract: what this run asks for; a second attempt keeps to it.   Writes  staging.plan.

insert into staging.plan (plan) values (cast(:plan as jsonb));
