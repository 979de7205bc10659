using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Net;
using System.Numerics;

namespace Hypervize.Simulator;

/// <summary>
/// The simulator's only settings: its command line. How the model behaves can also be asked for in the model's name, after a question
/// mark, so that whoever names an endpoint's model chooses its nodes' behaviour: <c>simulator/tiny?load=2&amp;crash-after=3&amp;hang</c>
/// means <c>--load 2 --crash-after 3 --hang</c>, and wins over the command line. The name is served whole, with its question mark.
/// </summary>
internal static class CommandLine
{
    private static readonly Behaviour Default = new();

    private static readonly Option<IPAddress> Host = new("--host")
    {
        Description = "IP address to listen on.",
        DefaultValueFactory = _ => IPAddress.Loopback,
        CustomParser = given =>
        {
            if (IPAddress.TryParse(given.Tokens[0].Value, out var address)) return address;
            given.AddError($"--host must be an IP address such as 127.0.0.1 or 0.0.0.0, not '{given.Tokens[0].Value}'.");
            return null;
        },
    };

    private static readonly Option<int> Port = Number("--port", "Port to listen on; 0 takes a free one and prints it.", 0, least: 0, most: 65_535);
    private static readonly Option<string> Model = new("--model")
    {
        Description = "Model. A question mark and options of behaviour may follow, and win: simulator/tiny?load=2&crash-after=3",
        Required = true,
    };

    private static readonly Option<string?> ServedName = new("--served-model-name") { Description = "Name that requests ask for. [default: the model]" };
    private static readonly Option<string> NodeId = new("--node-id") { Description = "Name of this node.", DefaultValueFactory = _ => "node" };
    private static readonly Option<string?> ServingLog = new("--serving-log") { Description = "File to append serving times to, as JSON lines." };

    private static readonly Option<double> Load =
        Number("--load-seconds", "Seconds the model takes to load.", Default.LoadSeconds, 0, 86_400, "--load");

    private static readonly Option<double> FirstToken =
        Number("--ttft-ms", "Milliseconds to the first token.", Default.FirstTokenMs, 0, 3_600_000, "--ttft");

    private static readonly Option<double> Speed =
        Number("--tokens-per-second", "Tokens per second of each request; 0 for no pause.", Default.TokensPerSecond, 0, 1_000_000, "--tps");

    private static readonly Option<int> Concurrency =
        Number("--concurrency", "Requests that run at once; more wait.", Default.Concurrency, 1, 1_000_000);

    private static readonly Option<bool> FailToLoad = new("--fail-to-load") { Description = "Fault: after the load time, print an error and exit with 1." };
    private static readonly Option<bool> Hang = new("--hang") { Description = "Fault: never become ready." };

    private static readonly Option<int> HangAfter =
        Number("--hang-after", "Fault: answer nothing any more after N completed requests; 0 for never.", 0, 0, int.MaxValue);

    private static readonly Option<int> CrashAfter =
        Number("--crash-after", "Fault: die after N completed requests; 0 for never.", 0, 0, int.MaxValue);

    private static readonly Option<int> DropStreamAfter =
        Number("--drop-stream-after", "Fault: cut each answer's connection after N tokens; 0 for never.", 0, 0, int.MaxValue);

    private static readonly Option[] OfBehaviour =
        [Load, FirstToken, Speed, Concurrency, FailToLoad, Hang, HangAfter, CrashAfter, DropStreamAfter];

    /// <summary>Reads the command line.</summary>
    /// <param name="args">Its words.</param>
    /// <param name="settings">What they say.</param>
    /// <returns>Exit code when there is nothing to run: 0 after <c>--help</c>, 2 after telling every error; else null.</returns>
    public static int? Read(string[] args, out NodeSettings? settings)
    {
        settings = null;
        var command = new RootCommand("An OpenAI-compatible node without a GPU. What it answers is simulated, and says so.")
        {
            Host, Port, Model, ServedName, NodeId, ServingLog,
        };
        foreach (var option in OfBehaviour) command.Add(option);
        var line = command.Parse(args);
        if (line.Errors.Count == 0 && line.Action is { } help) return help is SynchronousCommandLineAction said ? said.Invoke(line) : 0;

        var model = line.GetResult(Model) is { Tokens: [var name, ..] } ? name.Value : "";
        var (asked, unknown) = AskedOf(model);
        var errors = line.Errors.Concat(asked.Errors).Select(e => e.Message).Concat(unknown).ToList();
        foreach (var error in errors) Console.Error.WriteLine(error);
        if (errors.Count > 0) return 2;

        settings = new(
            line.GetValue(Host)!, line.GetValue(Port), line.GetValue(ServedName) ?? model, line.GetValue(NodeId)!, line.GetValue(ServingLog),
            new(Of(Load), Of(FirstToken), Of(Speed), Of(Concurrency), Of(FailToLoad), Of(Hang), Of(HangAfter), Of(CrashAfter), Of(DropStreamAfter)));
        return null;

        T Of<T>(Option<T> option) => (asked.GetResult(option) is { Implicit: false } ? asked : line).GetValue(option)!;
    }

    private static (ParseResult Asked, IEnumerable<string> Unknown) AskedOf(string model)
    {
        var known = OfBehaviour.SelectMany(o => o.Aliases.Prepend(o.Name)).ToHashSet();
        var command = new Command("model");
        foreach (var option in OfBehaviour) command.Add(option);

        var query = model.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? model[(mark + 1)..] : "";
        var words = query.Split('&', StringSplitOptions.RemoveEmptyEntries).ToLookup(w => known.Contains("--" + w.Split('=')[0]), w => w);
        var unknown = words[false].Select(w =>
            $"The model's name asks for '{w}', which the simulator does not know. It knows {string.Join(", ", known.Select(k => k[2..]))}.");
        return (command.Parse([.. words[true].Select(w => "--" + w)]), unknown);
    }

    private static Option<T> Number<T>(string name, string says, T otherwise, T least, T most, params string[] aliases)
        where T : INumber<T> => new(name, aliases)
    {
        Description = says,
        DefaultValueFactory = _ => otherwise,
        CustomParser = given =>
        {
            if (T.TryParse(given.Tokens[0].Value, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most) return value;
            given.AddError($"{name} must be a number from {least} to {most}, not '{given.Tokens[0].Value}'.");
            return otherwise;
        },
    };
}
