-- get_orders: what this run asks for.   Reads  staging.plan.

select plan from staging.plan;
