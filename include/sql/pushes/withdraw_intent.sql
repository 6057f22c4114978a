-- pushes/withdraw_intent: the call was certainly not made, or had no effect: nothing was meant.   Writes  ops.push.

delete from ops.push as p
where p.push_no = :push_no;
