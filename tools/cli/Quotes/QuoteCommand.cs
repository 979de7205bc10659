using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Amazon.S3;
using Hypervize.Catalog;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Client;
using Hypervize.Sizing;
using Hypervize.Sizing.Fit;
using Hypervize.Sizing.Hub;
using Hypervize.Sizing.OwnWeights;
using Hypervize.Sizing.Quotes;
using Spectre.Console;

namespace Hypervize.Cli.Quotes;

/// <summary><c>hypervize quote</c>: what a model needs and costs, without a platform.</summary>
internal static class QuoteCommand
{
    private const int Most = 100_000_000;
    private const string Telemetry = "telemetry", CustomDomain = "custom_domain";
    private static readonly string Free = $"{100 * Choice.Headroom:0} %";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new JsonStringEnumConverter() } };

    public static Command Create(IAnsiConsole console)
    {
        var model = new Argument<string>("model") { Description = "owner/name of the Hub (@revision for one of its own), s3://bucket/prefix, or a folder." };
        var context = new Option<int?>("--context") { Description = $"Tokens of the longest sequence; else {Ask.DefaultContext}, or all that the model was made for." };
        var concurrency = new Option<int?>("--concurrency") { Description = "Sequences of that length that must be held at once; else 1." };
        var hardware = new Option<string?>("--hardware") { Description = $"Catalogue id of the hardware that must be taken; else the cheapest that fits and keeps {Free} of its memory free." };
        var quantization = new Option<string?>("--quantization") { Description = $"{string.Join(" or ", Need.Quantizations)} while loading; or which GGUF file, such as Q8_0." };
        var min = new Option<int?>("--min") { Description = "Fewest nodes, for the cost of a day; else 0." };
        var max = new Option<int?>("--max") { Description = "Most nodes, for the cost of a day; else 1." };
        var telemetry = new Option<bool>("--telemetry") { Description = "With the logging and telemetry add-on." };
        var domain = new Option<bool>("--custom-domain") { Description = "With the add-on for a domain of one's own." };
        var json = new Option<bool>("--json") { Description = "Print the quote as JSON." };
        var command = new Command("quote", "What a model needs, what it fits on, and what that costs. Needs no running platform; HF_TOKEN opens gated models.")
        {
            model, context, concurrency, hardware, quantization, min, max, telemetry, domain, json,
        };
        command.Validators.Add(r =>
        {
            // What is no number is told already, and has no value to be looked at.
            if (new[] { context, concurrency, min, max }.Any(o => r.GetResult(o) is { } given && (given.Tokens.Count != 1 || !int.TryParse(given.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)))) return;
            foreach (var (option, least) in new[] { (context, 1), (concurrency, 1), (min, 0), (max, 1) })
                if (r.GetValue(option) is { } value && (value < least || value > Most)) r.AddError($"{option.Name} must lie between {least} and {Most}.");
            if ((r.GetValue(min) ?? 0) > (r.GetValue(max) ?? 1)) r.AddError("--min must not be above --max.");
        });
        command.SetAction((parsed, cancel) => RunAsync(
            console, parsed.GetValue(json),
            new(parsed.GetValue(model)!, new(parsed.GetValue(context), parsed.GetValue(concurrency) ?? 1, parsed.GetValue(quantization)), parsed.GetValue(hardware), parsed.GetValue(min) ?? 0, parsed.GetValue(max) ?? 1, [.. parsed.GetValue(telemetry) ? [Telemetry] : (string[])[], .. parsed.GetValue(domain) ? [CustomDomain] : (string[])[]]), cancel));
        return command;
    }

    private static async Task<int> RunAsync(IAnsiConsole console, bool json, QuoteRequest request, CancellationToken cancel)
    {
        var catalog = HardwareCatalog.Load().With(await LocalMachine.FindAsync(cancel));
        if (request.Hardware is { } wanted && catalog.Find(wanted) is null)
        {
            var unknown = $"There is no hardware {wanted}. `quote` without --hardware lists what there is.";
            if (json) Output.PrintJson(JsonSerializer.Serialize(new { error = new { code = "invalid_request", message = unknown } }, Json));
            throw new RefusedException(unknown);
        }
        var answer = await QuoteAsync(request, catalog, cancel);
        if (answer.Refusal is { } refusal)
        {
            if (json) Output.PrintJson(JsonSerializer.Serialize(new { error = new { code = refusal.Problem, refusal.Message } }, Json));
            throw new RefusedException($"{refusal.Message} ({JsonSerializer.Serialize(refusal.Problem, Json).Trim('"')})");
        }
        if (json) Output.PrintJson(JsonSerializer.Serialize(answer.Value, Json));
        else Show(console, answer.Value!, request.Hardware is not null);
        return 0;
    }

    private static async Task<Answer<Quote>> QuoteAsync(QuoteRequest request, HardwareCatalog catalog, CancellationToken cancel)
    {
        var reader = new ModelReader(HubClient.Over(Settings(), TimeProvider.System), () => new AmazonS3Client(BucketSettings.Config()));
        var analysis = new Answer<Hypervize.Sizing.Analysis.ModelAnalysis>(null, null);
        await ProgressLine.ShowAsync(async progress =>
        {
            progress($"Reading {request.Model}");
            analysis = await reader.AnalyseAsync(request.Model, token: null, request.Ask.Quantization, cancel);
        });
        return analysis.Value is { } read ? Quoting.Of(read, request, catalog.All, catalog, TimeProvider.System.GetUtcNow()) : analysis.Refusal!;
    }

    private static HubSettings Settings()
    {
        try
        {
            return HubSettings.Read(Environment.GetEnvironmentVariable);
        }
        catch (UriFormatException e)
        {
            throw new PlatformException(e.Message);
        }
    }

    private static void Show(IAnsiConsole console, Quote quote, bool wasNamed)
    {
        static string Usd(decimal usd) => usd.ToString("0.00##", CultureInfo.InvariantCulture);
        var about = quote.Estimate ? "about " : "";
        console.MarkupLineInterpolated($"[bold]{quote.Model}[/]{(quote.Revision is { } revision ? $" at {revision[..Math.Min(12, revision.Length)]}" : "")}, {Words(quote.Task)}{(quote.Estimate ? " (an estimate)" : "")}");
        console.MarkupLine(string.Create(CultureInfo.InvariantCulture, $"  weights {about}{quote.WeightBytes / 1e9:0.0} GB, cache {about}{quote.KvBytesPerToken / 1024.0:0.#} KiB a token, made for {quote.MaxContext:N0} tokens"));
        console.MarkupLineInterpolated($"  on [bold]{quote.Chosen}[/]: {Usd(quote.HourlyUsd)} USD an hour a node{(quote.AddOns.Count > 0 ? $", {string.Join(" and ", quote.AddOns.Select(a => a.Id))} included" : "")}");
        if (!wasNamed && quote.Options.Any(o => o.Fits && o.Headroom < Choice.Headroom && o.HourlyUsd < quote.NodeHourlyUsd))
            console.WriteLine($"  what is cheaper and fits would keep less than {Free} of its memory free");
        console.MarkupLineInterpolated($"  a day costs {Usd(quote.DailyUsd.AtMin)} USD at the fewest nodes, {Usd(quote.DailyUsd.AtMax)} at the most, {Usd(quote.DailyUsd.Asleep)} asleep");
        console.MarkupLineInterpolated($"  loads in about {quote.LoadSeconds.Cold} s, {quote.LoadSeconds.Warm} s with weights on the disk; needs {quote.DiskGb} GB of disk");
        if (quote.Ladder.Count > 0) console.MarkupLineInterpolated($"  if there is none of it: {string.Join(", ", quote.Ladder)}");
        foreach (var note in quote.Details.Notes) console.MarkupLineInterpolated($"  [yellow]{note}[/]");
        console.WriteLine();
        var options = JsonSerializer.SerializeToNode(quote.Options.OrderByDescending(o => o.Fits).ThenBy(o => o.HourlyUsd), Json)!;
        console.Table(options, ("HARDWARE", o => (string?)o["hardware"]), ("GPU", o => $"{o["gpus"]} × {o["gpu"] ?? "none"}"), ("SPLIT", o => $"{o["tensorParallel"]}"), ("FITS", o => (bool)o["fits"]! ? "yes" : "no"),
            ("CONTEXT", o => $"{o["maxContext"]}"), ("SEQUENCES", o => $"{o["sequences"]}"), ("USD/H", o => $"{o["hourlyUsd"]}"), ("WHY", o => (string?)o["why"]));
    }

    private static string Words(Sizing.Analysis.ModelTask task) => JsonSerializer.Serialize(task, Json).Trim('"');
}
