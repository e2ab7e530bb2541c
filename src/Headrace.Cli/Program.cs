using Headrace.Cli;
using Headrace.Hosting;

OwnerOnly.Begin();
return await CommandLine.RunAsync(args);
