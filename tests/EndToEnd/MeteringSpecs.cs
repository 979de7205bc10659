using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hypervize.Cli.Running;
using Hypervize.Contracts;
using Hypervize.Hosting;
using MassTransit;

namespace Hypervize.EndToEnd.Tests;

/// <summary>What clients saw is what was metered.</summary>
public sealed class MeteringSpecs(Platform platform) : IClassFixture<Platform>
{
    private const string Duration = "HYPERVIZE_SOAK_SECONDS";
    private const int Clients = 50;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(15);

    /// <summary>Fifty clients, streaming and not, for half a minute (or as long as HYPERVIZE_SOAK_SECONDS says), while nodes crash and the proxy is restarted, again and again.</summary>
    [Fact]
    public async Task The_sums_that_clients_saw_are_the_sums_that_were_metered()
    {
        var seconds = double.Parse(Environment.GetEnvironmentVariable(Duration) ?? "30", CultureInfo.InvariantCulture);
        var reports = new ConcurrentDictionary<(string, long), ProxyReport>();
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(platform.Installation.Backing.RabbitMq.Uri));
            rabbit.TemporaryQueue("soak", queue => queue.Handler<ProxyReport>(report =>
            {
                reports[(report.Message.ProxyId, report.Message.Sequence)] = report.Message;
                return Task.CompletedTask;
            }));
        });
        await bus.StartAsync();
        try
        {
            var id = await platform.CreateAsync("metered", model: "simulator/tiny?crash-after=1500&ttft=20&tps=400", min: 2, max: 2);
            await platform.UntilAsync(id, "up");
            using var stop = new CancellationTokenSource();
            var seen = new Seen();
            var clients = Enumerable.Range(0, Clients).Select(i => Task.Run(() => CallAsync(id, i, seen, stop.Token))).ToArray();

            var began = Stopwatch.GetTimestamp();
            do
            {
                await Task.Delay(Between);
                await platform.Installation.StopServiceAsync(ServiceTable.Proxy);
                await platform.Installation.StartServiceAsync(ServiceTable.Proxy, CancellationToken.None);
            }
            while (Stopwatch.GetElapsedTime(began).TotalSeconds + Between.TotalSeconds < seconds);
            await Task.Delay(Between);
            await stop.CancelAsync();
            await Task.WhenAll(clients);

            await Platform.EventuallyAsync(() => Task.FromResult(Metered(reports.Values, id) == seen.Sums), "the reports to say what clients saw", () => $"Metered {Metered(reports.Values, id)}, seen {seen.Sums}. Metered as {string.Join(", ", Statuses(reports.Values, id))}; seen as {string.Join(", ", seen.Failures)}.");
            Assert.True(seen.Sums.Answered > seconds * 20, $"{seen.Sums}: too little to say anything.");
            Assert.True(seen.Sums.Failed > 0, $"{seen.Sums}: no node crashed under a request.");
        }
        finally
        {
            await bus.StopAsync();
        }
    }

    private static Sums Metered(IEnumerable<ProxyReport> reports, string id)
    {
        var usages = Usages(reports, id).ToList();
        return new(
            usages.Sum(u => u.Statuses.GetValueOrDefault(200)), usages.Sum(u => u.Statuses.Where(s => s.Key != 200).Sum(s => s.Value)),
            usages.Sum(u => u.PromptTokens), usages.Sum(u => u.CompletionTokens));
    }

    private static IEnumerable<string> Statuses(IEnumerable<ProxyReport> reports, string id) =>
        Usages(reports, id).SelectMany(u => u.Statuses).GroupBy(s => s.Key, s => s.Value).Select(s => $"{s.Key}: {s.Sum()}");

    private static IEnumerable<KeyUsage> Usages(IEnumerable<ProxyReport> reports, string id) => reports.SelectMany(r => r.Endpoints).Where(e => e.EndpointId == id).SelectMany(e => e.Usage ?? []);

    private async Task CallAsync(string id, int client, Seen seen, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = new(platform.Url), Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", platform.OperatorKey);
        var random = new Random(client);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var stream = random.Next(2) == 0;
                var request = new JsonObject
                {
                    ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = string.Join(' ', Enumerable.Repeat("word", random.Next(1, 200))) }),
                    ["max_tokens"] = random.Next(1, 40), ["stream"] = stream,
                };
                if (stream) request["stream_options"] = new JsonObject { ["include_usage"] = true };
                using var message = new HttpRequestMessage(HttpMethod.Post, $"/api/d/{id}/v1/chat/completions") { Content = JsonContent.Create(request) };
                using var answer = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None);
                seen.Add($"{answer.StatusCode}", answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(CancellationToken.None));
            }
            catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError)
            {
                await Task.Delay(50, CancellationToken.None); // The proxy is restarting: no request was made.
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                seen.Add(e.Message, succeeded: false, ""); // An answer that was cut off so as not to look whole.
            }
        }
    }

    private readonly record struct Sums(long Answered, long Failed, long PromptTokens, long CompletionTokens);

    private sealed class Seen
    {
        private readonly Lock _lock = new();

        public Sums Sums { get; private set; }

        public ConcurrentDictionary<string, int> Failures { get; } = new();

        public void Add(string how, bool succeeded, string body)
        {
            var failed = !succeeded || body.Contains("data: {\"error\":", StringComparison.Ordinal);
            if (failed) Failures.AddOrUpdate(succeeded ? body.Split("\"code\":")[^1].Trim() : how, 1, (_, n) => n + 1);
            var usage = succeeded ? Usage(body) : null;
            // A stream that broke shows no usage, but as many tokens as it has pieces of text.
            var (prompt, completion) = usage is null ? (0, succeeded ? body.Split("\"content\":\"").Skip(1).Count(c => !c.StartsWith('"')) : 0) : ((long)usage["prompt_tokens"]!, (long)usage["completion_tokens"]!);
            lock (_lock) Sums = new(Sums.Answered + (failed ? 0 : 1), Sums.Failed + (failed ? 1 : 0), Sums.PromptTokens + prompt, Sums.CompletionTokens + completion);
        }

        private static JsonNode? Usage(string body)
        {
            if (body.StartsWith('{')) return JsonNode.Parse(body)!["usage"];
            return body.Split("\n\n").Where(e => e.StartsWith("data: {", StringComparison.Ordinal)).Select(e => JsonNode.Parse(e["data: ".Length..])!["usage"]).LastOrDefault(u => u is not null);
        }
    }
}
