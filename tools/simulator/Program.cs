using Hypervize.Simulator;

return CommandLine.Read(args, out var settings) is { } exitCode ? exitCode : await Node.RunAsync(settings!, TimeProvider.System);
