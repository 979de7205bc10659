using System.CommandLine;
using Hypervize.Bench.Autoscaler;
using Hypervize.Bench.Dashboard;
using Hypervize.Bench.Lifecycle;
using Hypervize.Bench.Node;
using Hypervize.Bench.Proxy;
using Hypervize.Bench.Quotes;
using Hypervize.Bench.Wake;
using Hypervize.Cli.Platform;
using Spectre.Console;

var console = AnsiConsole.Console;
console.Profile.Width = Console.IsOutputRedirected ? 10_000 : console.Profile.Width; // Never wrap what a script reads.

var root = new RootCommand("Measures Hypervize on this machine.")
{
    LifecycleBench.Create(console), ProxyBench.Create(console), WakeBench.Create(console), AutoscalerBench.Create(console), QuotesBench.Create(console), DashboardBench.Create(console), NodeProcess.Create(),
};
try
{
    var parsed = root.Parse(args);
    var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(2) });
    return parsed.Errors.Count > 0 ? ExitCode.Usage : exitCode;
}
catch (Exception e)
{
    return await ExitCode.OfAsync(e);
}
