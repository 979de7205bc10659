using System.Diagnostics;
using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Hypervize.Simulator;

/// <summary>Where a node listens and what it is called.</summary>
/// <param name="Host">Address.</param>
/// <param name="Port">Port.</param>
/// <param name="Model">Model name, with the behaviour it asks for.</param>
/// <param name="ServedName">Name the model is served under.</param>
/// <param name="Id">Name of the node.</param>
/// <param name="ServingLog">File to note in when it served; null for none.</param>
public sealed record NodeOptions(string Host, int Port, string Model, string ServedName, string Id, string? ServingLog);

/// <summary>Runs a simulated node.</summary>
public static class Node
{
    private const string LoadFailure = """
        ERROR engine core: Engine core initialization failed.
        ValueError: To serve at least one request with the model's max seq len (131072), 16.00 GiB KV cache is needed, which is larger than the available KV cache memory (2.31 GiB).
        """;

    private static readonly ActivitySource Source = new("Hypervize.Simulator");

    /// <summary>Serves until told to stop.</summary>
    /// <param name="options">Where and what.</param>
    /// <param name="behaviour">How.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>Exit code: 1 when the model did not load.</returns>
    public static async Task<int> RunAsync(NodeOptions options, Behaviour behaviour, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://{options.Host}:{options.Port.ToString(CultureInfo.InvariantCulture)}");
        builder.WebHost.ConfigureKestrel(k => k.Limits.MaxRequestBodySize = 64 * 1024 * 1024);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(30));
        AddTracing(builder);

        await using var app = builder.Build();
        using var engine = new Engine(behaviour, TimeProvider.System);
        var served = options.ServedName;
        new OpenAiRoutes(engine, served, TimeProvider.System).Map(app);
        app.MapGet("/health", (HttpContext http) => Health(http, engine, options.Id));
        app.MapGet("/metrics", () => Metrics(engine, served));

        await app.StartAsync(cancel);
        Console.WriteLine($"Simulating {options.Model} on {options.Host}:{options.Port}; loading");
        var serving = ServeAsync(options, engine, app.Lifetime);
        await app.WaitForShutdownAsync(cancel);
        return await serving;
    }

    private static async Task<int> ServeAsync(NodeOptions options, Engine engine, IHostApplicationLifetime lifetime)
    {
        try
        {
            using (Source.StartActivity("load model", ActivityKind.Internal, Environment.GetEnvironmentVariable("TRACEPARENT")))
            {
                if (!await engine.LoadAsync(lifetime.ApplicationStopping))
                {
                    await Console.Error.WriteLineAsync(LoadFailure);
                    lifetime.StopApplication();
                    return 1;
                }
            }
            Console.WriteLine($"Ready at {engine.ReadyAt:O}");
            await new ServingLog(options.ServingLog, options.Id, TimeProvider.System).WriteAsync(lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException)
        {
            // Told to stop while loading.
        }
        return 0;
    }

    private static IResult Health(HttpContext http, Engine engine, string id)
    {
        http.Response.Headers["x-node-id"] = id;
        return engine.ReadyAt is { } readyAt
            ? Results.Text($$"""{"status":"ok","ready_at":"{{readyAt:yyyy-MM-ddTHH:mm:ss.fffZ}}"}""", "application/json")
            : Results.Text("""{"status":"loading"}""", "application/json", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    // Under the names of vLLM 0.9 and later, so that what reads them reads a real node as well.
    private static string Metrics(Engine engine, string model) => string.Create(CultureInfo.InvariantCulture, $$"""
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{model_name="{{model}}"} {{engine.Running}}
        # TYPE vllm:num_requests_waiting gauge
        vllm:num_requests_waiting{model_name="{{model}}"} {{engine.Waiting}}
        # TYPE vllm:kv_cache_usage_perc gauge
        vllm:kv_cache_usage_perc{model_name="{{model}}"} {{engine.Usage:0.####}}
        # TYPE vllm:prompt_tokens_total counter
        vllm:prompt_tokens_total{model_name="{{model}}"} {{engine.PromptTokens}}
        # TYPE vllm:generation_tokens_total counter
        vllm:generation_tokens_total{model_name="{{model}}"} {{engine.GeneratedTokens}}

        """);

    private static void AddTracing(WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) return;
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService("node", serviceNamespace: "hypervize"))
            .WithTracing(t => t.AddAspNetCoreInstrumentation(o => o.Filter = c => c.Request.Path.StartsWithSegments("/v1")).AddSource(Source.Name))
            .UseOtlpExporter();
    }
}
