-- get_orders/load: what this run asks for.   Reads  staging.plan.

select plan from staging.plan;
