using Headrace.Cli;
using Headrace.Hosting;

OwnerOnly.Begin();
Headrace.DuckDb.KeptMemory.Ask();
return await CommandLine.RunAsync(args);
