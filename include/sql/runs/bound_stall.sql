-- runs/bound_stall: a transaction whose client stands still ends by itself, and with it the locks that others wait for.

select set_config('idle_in_transaction_session_timeout', :stall_ms, true);
