using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hypervize.Cli.Client;
using Hypervize.Cli.Platform;
using Hypervize.Client;
using Spectre.Console;

namespace Hypervize.Cli.Endpoints;

/// <summary><c>hypervize endpoints …</c></summary>
internal static class EndpointCommands
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FetchingToldEvery = TimeSpan.FromSeconds(3);
    private static readonly Argument<string> Endpoint = new("endpoint") { Description = "Its id or name." };

    public static Command Create(IAnsiConsole console) => PlatformClient.AddTo(new Command("endpoints", "Create, watch, call and change endpoints.")
    {
        Output.Json, Creation(console), List(console), TopCommand.Create(console), Show(console), Events(console), WhyCommand.Create(console, Endpoint), MetricsCommand.Create(console, Endpoint), OutputCommand.Create(console, Endpoint), Chat(console), Update(console),
        Change(console, "wake", "Wake it."), Change(console, "hibernate", "Put it to sleep."),
        Change(console, "disable", "Switch it off."), Change(console, "enable", "Switch it on, also after it failed."), Delete(console),
    });

    private static Command Creation(IAnsiConsole console)
    {
        var name = new Argument<string>("name") { Description = "A label." };
        var model = new Option<string?>("--model") { Description = "owner/name of the Hub, s3://bucket/prefix or a folder; or --quote." };
        var quote = new Option<string?>("--quote") { Description = "Id of a quote, which says model and hardware, and whose price holds." };
        var hardware = new Option<string?>("--hardware") { Description = "Catalogue id, such as g5.xlarge; else the cheapest that fits with some of its memory kept free. `quote` lists what there is." };
        var context = new Option<int?>("--context") { Description = "Tokens of the longest sequence." };
        var quantization = new Option<string?>("--quantization") { Description = "fp8 or bitsandbytes while loading; or which GGUF file, such as Q8_0." };
        var token = new Option<bool>("--hf-token") { Description = "Give the token in HF_TOKEN along: kept encrypted, for the endpoint's own nodes." };
        var trusted = new Option<bool>("--trust-remote-code") { Description = "Code of the model's own repository may run on its nodes." };
        var runtime = new Option<string?>("--runtime") { Description = "simulator, vllm, llama-server or command." };
        var settings = new SettingsOptions();
        var wait = new Option<bool>("--wait") { Description = "Return when it is up; exit with 1 when it fails." };
        var command = new Command("create", "Create an endpoint.") { name, model, quote, hardware, context, quantization, trusted, token, runtime, wait };
        foreach (var option in settings.All) command.Add(option);
        return command.Calls(console, async (parsed, platform, cancel) =>
        {
            var body = new JsonObject { ["name"] = parsed.GetValue(name) };
            settings.Add(parsed, body);
            foreach (var option in (Option<string?>[])[model, quote, hardware, quantization, runtime])
                if (parsed.GetValue(option) is { } chosen) body[option.Name[2..]] = chosen;
            if (parsed.GetValue(context) is { } tokens) body["context"] = tokens;
            if (parsed.GetValue(trusted)) body["trustRemoteCode"] = true;
            if (parsed.GetValue(token))
                body["huggingFaceToken"] = Environment.GetEnvironmentVariable("HF_TOKEN") is { Length: > 0 } given ? given : throw new PlatformException("HF_TOKEN is not set in this environment.");
            var created = await platform.CallAsync(HttpMethod.Post, "v1/endpoints", cancel, body);
            if (!parsed.GetValue(wait)) return created;
            await ProgressLine.ShowAsync(async progress => created = await UntilAsync(platform, (string)created!["id"]!, "up", progress, cancel));
            return created;
        }, it => Details(console, it));
    }

    private static Command List(IAnsiConsole console)
    {
        var status = new Option<string?>("--status") { Description = "Only those in this status." };
        return new Command("list", "List endpoints.") { status }.Calls(console, ListAsync, all => console.Table(
            all, ("ID", e => (string?)e["id"]), ("NAME", e => (string?)e["name"]), ("STATUS", e => (string?)e["status"]), ("MODEL", e => (string?)e["model"]),
            ("HARDWARE", e => (string?)e["hardware"]), ("NODES", e => $"{e["nodes"]!.AsArray().Count(n => (string?)n!["status"] == "ready")}/{e["wanted"]}")));

        async Task<JsonNode?> ListAsync(ParseResult parsed, PlatformClient platform, CancellationToken cancel) =>
            await AllAsync(platform, parsed.GetValue(status) is { } wanted ? $"&status={Uri.EscapeDataString(wanted)}" : "", cancel);
    }

    /// <summary>All endpoints that a filter lets through.</summary>
    internal static async Task<JsonNode> AllAsync(PlatformClient platform, string filter, CancellationToken cancel)
    {
        var (all, cursor) = (new JsonArray(), "");
        do
        {
            var page = (await platform.CallAsync(HttpMethod.Get, $"v1/endpoints?limit=200{filter}&cursor={cursor}", cancel))!;
            foreach (var endpoint in page["endpoints"]!.AsArray()) all.Add(endpoint!.DeepClone());
            cursor = (string?)page["cursor"];
        }
        while (cursor is not null);
        return all;
    }

    private static Command Show(IAnsiConsole console) => new Command("show", "Show one.") { Endpoint }.Calls(console, async (parsed, platform, cancel) =>
        await platform.CallAsync(HttpMethod.Get, $"v1/endpoints/{await IdAsync(parsed, platform, cancel)}", cancel), it => Details(console, it));

    private static Command Events(IAnsiConsole console) => new Command("events", "What happened to it, and why.") { Endpoint }.Calls(
        console, async (parsed, platform, cancel) => await TimelineAsync(platform, await IdAsync(parsed, platform, cancel), cancel), all => Timeline(console, all));

    private static Command Chat(IAnsiConsole console)
    {
        var prompt = new Argument<string>("prompt") { Description = "What you say." };
        var tokens = new Option<int>("--max-tokens") { Description = "Most tokens of the answer.", DefaultValueFactory = _ => 128 };
        var command = new Command("chat", "Stream an answer; a sleeping endpoint is woken.") { Endpoint, prompt, tokens };
        command.SetAction(async (parsed, cancel) =>
        {
            using var platform = PlatformClient.Of(parsed);
            var (json, whole) = (parsed.GetValue(Output.Json), new StringBuilder());
            var answer = await platform.ChatAsync(await IdAsync(parsed, platform, cancel), parsed.GetValue(prompt)!, parsed.GetValue(tokens), Say, cancel);
            if (json)
            {
                Output.PrintJson(new JsonObject { ["text"] = whole.ToString(), ["tokens"] = answer.Tokens, ["firstTokenMs"] = Math.Round(answer.FirstToken.TotalMilliseconds) }.ToJsonString());
                return 0;
            }
            console.WriteLine();
            await Console.Error.WriteLineAsync($"{answer.Tokens} tokens; the first after {answer.FirstToken.TotalMilliseconds:0} ms");
            return 0;

            void Say(string text)
            {
                if (json) whole.Append(text);
                else console.Write(new Text(text));
            }
        });
        return command;
    }

    private static Command Update(IAnsiConsole console)
    {
        var (name, settings) = (new Option<string?>("--name") { Description = "Another label." }, new SettingsOptions());
        var unlimited = new Option<bool>("--no-limits") { Description = "It takes any number of requests." };
        var untuned = new Option<bool>("--no-tuning") { Description = "It scales as the operator tunes all." };
        var command = new Command("update", "Change its settings; what is not said stays, but limits and the tuning of scaling are each replaced as a whole.") { Endpoint, name, unlimited, untuned };
        foreach (var option in settings.All) command.Add(option);
        command.Validators.Add(r =>
        {
            if (settings.All.Append(name).Append(unlimited).Append(untuned).All(o => r.GetResult(o) is null)) r.AddError("Say what to change; --help lists it.");
            if (r.GetResult(unlimited) is not null && settings.Limits.Any(o => r.GetResult(o) is not null)) r.AddError("Give limits, or --no-limits.");
            if (r.GetResult(untuned) is not null && settings.Tuning.Any(o => r.GetResult(o) is not null)) r.AddError("Give a tuning, or --no-tuning.");
        });
        return command.Calls(console, async (parsed, platform, cancel) =>
        {
            var body = new JsonObject();
            settings.Add(parsed, body);
            if (parsed.GetValue(name) is { } label) body["name"] = label;
            if (parsed.GetValue(unlimited)) body["limits"] = null;
            if (parsed.GetValue(untuned)) (body["scaling"] ??= new JsonObject())["tuning"] = null;
            return await platform.CallAsync(HttpMethod.Patch, $"v1/endpoints/{await IdAsync(parsed, platform, cancel)}", cancel, body);
        }, it => Details(console, it));
    }

    private static Command Change(IAnsiConsole console, string name, string description) => new Command(name, description) { Endpoint }.Calls(console, async (parsed, platform, cancel) =>
        await platform.CallAsync(HttpMethod.Post, $"v1/endpoints/{await IdAsync(parsed, platform, cancel)}/{name}", cancel), it => Details(console, it));

    private static Command Delete(IAnsiConsole console) => new Command("delete", "Delete it, for good.") { Endpoint }.Calls(console, async (parsed, platform, cancel) =>
        await platform.CallAsync(HttpMethod.Delete, $"v1/endpoints/{await IdAsync(parsed, platform, cancel)}", cancel), it => console.WriteLine($"{it["id"]} is deleted."));

    /// <summary>The id of the endpoint that was named by it or by its name.</summary>
    internal static Task<string> IdAsync(ParseResult parsed, PlatformClient platform, CancellationToken cancel) => platform.EndpointIdAsync(parsed.GetValue(Endpoint)!, cancel);

    /// <summary>Waits until an endpoint has a status.</summary>
    /// <exception cref="PlatformException">It failed, was switched off or was deleted meanwhile.</exception>
    internal static async Task<JsonNode> UntilAsync(PlatformClient platform, string id, string status, Action<string> progress, CancellationToken cancel)
    {
        var fetching = (Text: "", At: Stopwatch.GetTimestamp());
        for (string? before = null; ; await Task.Delay(LookEvery, cancel))
        {
            var it = (await platform.CallAsync(HttpMethod.Get, $"v1/endpoints/{id}", cancel))!;
            var now = (string)it["status"]!;
            if (now == status) return it;
            if (now is "failed" or "disabled" or "deleted") throw new PlatformException($"{it["name"]} ({id}) is {now}, not {status}. {it["failure"]?["message"]}");
            if (now != before) progress($"{it["name"]} ({id}) is {now}");
            before = now;
            if (Stopwatch.GetElapsedTime(fetching.At) < FetchingToldEvery || await FetchingAsync(platform, id, cancel) is not { } text) continue;
            if (text != fetching.Text) progress($"{it["name"]} ({id}) is {now}. {text}");
            fetching = (text, Stopwatch.GetTimestamp());
        }
    }

    // Weights may take minutes to come.
    private static async Task<string?> FetchingAsync(PlatformClient platform, string id, CancellationToken cancel)
    {
        try
        {
            return (string?)(await platform.CallAsync(HttpMethod.Get, $"v1/endpoints/{id}/logs?tail=1", cancel))?["fetching"]?.AsArray().FirstOrDefault();
        }
        catch (RefusedException)
        {
            return null; // No node was ever asked for.
        }
    }

    /// <summary>All entries of an endpoint's timeline.</summary>
    internal static async Task<JsonNode> TimelineAsync(PlatformClient platform, string id, CancellationToken cancel)
    {
        var (all, after) = (new JsonArray(), (long?)0);
        while (after is not null)
        {
            var page = (await platform.CallAsync(HttpMethod.Get, $"v1/endpoints/{id}/events?limit=200&after={after}", cancel))!;
            foreach (var entry in page["events"]!.AsArray()) all.Add(entry!.DeepClone());
            after = (long?)page["after"];
        }
        return all;
    }

    /// <summary>Shows a timeline.</summary>
    internal static void Timeline(IAnsiConsole console, JsonNode all)
    {
        foreach (var e in all.AsArray())
            console.MarkupLineInterpolated($"[grey]{e!["at"]!.GetValue<DateTimeOffset>().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)}[/]  {(string)e["summary"]!}");
    }

    private static void Details(IAnsiConsole console, JsonNode it)
    {
        console.MarkupLineInterpolated($"[bold]{(string)it["name"]!}[/]  {(string)it["id"]!}  [bold]{(string)it["status"]!}[/]");
        console.MarkupLineInterpolated($"  {(string)it["model"]!} on {(string)it["hardware"]!}{((string)it["runtime"]! == "simulator" ? " (simulated)" : "")} at {it["pricePerHour"]!.ToJsonString()} USD/h a node; {it["scaling"]!["min"]!.ToJsonString()}–{it["scaling"]!["max"]!.ToJsonString()} nodes, idle after {it["scaling"]!["idleSeconds"]!.ToJsonString()} s");
        if (TuningOptions.Words(it["scaling"]!["tuning"]) is { } tuning) console.MarkupLineInterpolated($"  its own tuning: {tuning}");
        console.MarkupLineInterpolated($"  {(string)it["url"]!}/v1");
        if (LimitOptions.Words(it["limits"]) is { } limits) console.MarkupLineInterpolated($"  at most {limits}");
        if (LimitOptions.Words(it["limits"]?["perAddress"]) is { } each) console.MarkupLineInterpolated($"  at most {each} of each client address, while anyone may call");
        foreach (var node in it["nodes"]!.AsArray()) console.MarkupLineInterpolated($"  [grey]{(string)node!["id"]!} {(string)node["status"]!}[/]");
        if (it["failure"] is { } failure) console.MarkupLineInterpolated($"  [red]{(string)failure["message"]!}[/]");
    }
}
