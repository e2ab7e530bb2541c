using Headrace.Hosting;
using Headrace.Cli;

OwnerOnly.Begin();
return await CommandLine.RunAsync(args);
