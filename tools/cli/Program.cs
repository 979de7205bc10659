using System.CommandLine;
using System.CommandLine.Invocation;
using Hypervize.Cli.Bench;
using Hypervize.Cli.Billing;
using Hypervize.Cli.Dashboard;
using Hypervize.Cli.Demo;
using Hypervize.Cli.Endpoints;
using Hypervize.Cli.Keys;
using Hypervize.Cli.Operations;
using Hypervize.Cli.Platform;
using Hypervize.Cli.Quotes;
using Hypervize.Cli.Running;
using Hypervize.Cli.Simulation;
using Hypervize.Cli.Testing;
using Spectre.Console;

var console = AnsiConsole.Console;
console.Profile.Width = Console.IsOutputRedirected ? 10_000 : console.Profile.Width; // Never wrap what a script reads.

var root = new RootCommand("Hypervize: a model ID in, a private OpenAI-compatible endpoint out.")
{
    DemoCommand.Create(console),
    UpCommand.Up(console),
    UpCommand.Down(console),
    StatusCommand.Create(console),
    LogsCommand.Create(console),
    QuoteCommand.Create(console),
    SimulateCommand.Create(console),
    EndpointCommands.Create(console),
    KeyCommands.Create(console),
    BillingCommands.Create(console),
    DashboardCommand.Create(console),
    ErrorCommands.Create(console),
    TestCommand.Create(console),
    BenchCommand.Create(console),
    BackingCommand.Create(console),
};

try
{
    var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    if (parsed.Action is ParseErrorAction wrong) return WrongUsage.Tell(parsed, wrong);
    return await parsed.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = TimeSpan.FromMinutes(2), // After Ctrl-C, what was started is stopped first.
    });
}
catch (Exception e)
{
    return await ExitCode.OfAsync(e);
}
