using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Kit.Hub;
using MassTransit;
using Npgsql;

namespace Hypervize.EndToEnd.Tests;

/// <summary>A secret is where it must be, and in nothing that the platform writes.</summary>
public sealed class SecretSpecs
{
    private const string Gated = "me/gated";

    [Fact]
    public async Task A_token_reaches_the_node_and_leaks_into_nothing_that_is_written()
    {
        await using var hub = await HubStandIn.StartAsync();
        await using var collector = await TraceCollector.StartAsync();
        hub.PutChat(Gated, gated: "manual");
        using var variables = new Variables(hub, ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "200"));
        var platform = new Platform();
        try
        {
            await platform.InitializeAsync();
            var messages = new ConcurrentQueue<string>();
            var bus = await TapAsync(platform, messages);
            var answers = new List<string>();
            var created = (await platform.Client.CallAsync(HttpMethod.Post, "v1/endpoints", CancellationToken.None, new JsonObject { ["name"] = "gated", ["model"] = Gated, ["runtime"] = "vllm", ["telemetry"] = true, ["huggingFaceToken"] = HubStandIn.Token }))!;
            var id = (string)created["id"]!;
            await platform.UntilAsync(id, "up");
            await platform.Client.ChatAsync(id, "Hello", 8, _ => { }, CancellationToken.None);
            foreach (var path in (string[])[$"v1/endpoints/{id}", $"v1/endpoints/{id}/events", "v1/endpoints"]) answers.Add((await platform.Client.CallAsync(HttpMethod.Get, path, CancellationToken.None))!.ToJsonString());
            answers.Add(await platform.Client.TextAsync($"v1/endpoints/{id}/logs?tail=1000", CancellationToken.None));

            var node = (string)(await platform.ShowAsync(id))["nodes"]![0]!["id"]!;
            var processes = Processes(platform.Installation.Folder);
            Assert.Contains(processes, p => p.Environment.Contains($"HYPERVIZE_NODE_ID={node}", StringComparison.Ordinal) && p.Environment.Contains($"HF_TOKEN={HubStandIn.Token}", StringComparison.Ordinal));

            await Platform.EventuallyAsync(() => Task.FromResult(messages.Any(m => m.Contains("node_ready", StringComparison.Ordinal)) && collector.Spans.Any(s => s.Name == "load model")), "messages and traces to be told");
            Assert.DoesNotContain(processes, p => p.CommandLine.Contains(HubStandIn.Token, StringComparison.Ordinal));
            Assert.DoesNotContain(answers, Leaks);
            Assert.DoesNotContain(messages, Leaks);
            Assert.DoesNotContain(collector.Bodies, b => Leaks(Encoding.Latin1.GetString(b)));
            Assert.Empty(await TablesThatLeakAsync(platform));
            Assert.DoesNotContain(Directory.EnumerateFiles(platform.Installation.Folder, "*", SearchOption.AllDirectories), f => Leaks(Read(f)));

            await platform.Client.CallAsync(HttpMethod.Delete, $"v1/endpoints/{id}", CancellationToken.None);
            Assert.Null((await platform.InternalAsync<NodeSecrets>(platform.Installation.Wiring.Url("endpoints"), $"internal/endpoints/{id}/secrets")).HuggingFaceToken);
            await bus.StopAsync(TimeSpan.FromSeconds(5));
        }
        finally
        {
            await platform.DisposeAsync();
        }
    }

    private static bool Leaks(string text) => text.Contains(HubStandIn.Token, StringComparison.Ordinal) || text.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(HubStandIn.Token)), StringComparison.Ordinal);

    // Hears all that services tell each other.
    private static async Task<IBusControl> TapAsync(Platform platform, ConcurrentQueue<string> messages)
    {
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri(platform.Installation.Backing.RabbitMq.Uri));
            rabbit.ReceiveEndpoint(new TemporaryEndpointDefinition(), queue =>
            {
                queue.Handler<EndpointChanged>(context => Heard(context.ReceiveContext));
                queue.Handler<AccountChanged>(context => Heard(context.ReceiveContext));
                queue.Handler<CapacityChanged>(context => Heard(context.ReceiveContext));
            });
        });
        await bus.StartAsync();
        return bus;

        Task Heard(ReceiveContext context)
        {
            messages.Enqueue(Encoding.UTF8.GetString(context.GetBody()));
            return Task.CompletedTask;
        }
    }

    private static async Task<IReadOnlyList<string>> TablesThatLeakAsync(Platform platform)
    {
        await using var connection = new NpgsqlConnection(platform.Installation.Backing.Postgres.ConnectionString);
        await connection.OpenAsync();
        var tables = new List<string>();
        await using (var command = new NpgsqlCommand("select format('%I.%I', table_schema, table_name) from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')", connection))
        await using (var rows = await command.ExecuteReaderAsync())
            while (await rows.ReadAsync()) tables.Add(rows.GetString(0));
        Assert.Contains("endpoints.mt_doc_secrets", tables);

        var leaking = new List<string>();
        foreach (var table in tables)
        {
            await using var search = new NpgsqlCommand($"select 1 from {table} t where strpos(row_to_json(t)::text, $1) > 0 limit 1", connection);
            search.Parameters.Add(new() { Value = HubStandIn.Token });
            if (await search.ExecuteScalarAsync() is not null) leaking.Add(table);
        }
        return leaking;
    }

    private static List<(string CommandLine, string Environment)> Processes(string folder) =>
        [.. Directory.GetDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)).Select(p => (Read($"{p}/cmdline"), Read($"{p}/environ"))).Where(p => p.Item2.Contains(folder, StringComparison.Ordinal))];

    private static string Read(string file)
    {
        try
        {
            return Encoding.Latin1.GetString(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // Gone meanwhile.
        }
    }
}
