// The page of what a job works at asks again by itself; without a script it is loaded anew by hand.
setTimeout(() => location.reload(), 2000);
