using System.Net;
using Hypervize.Simulator.OpenAi;

namespace Hypervize.Simulator;

/// <summary>One node: it listens, loads its model, serves, and stops when told to, after what runs has finished.</summary>
internal static class Node
{
    private static readonly TimeSpan MostForFinishing = TimeSpan.FromSeconds(30);
    private const long MostBodyBytes = 64 << 20;

    // As uvicorn, which serves vLLM.
    private const int Backlog = 2048;
    private static readonly Refusal Loading = new(503, "model_loading", "The model is still loading; GET /health says when it is ready.");

    /// <summary>Runs until SIGTERM, or to its fault.</summary>
    /// <returns>Exit code: 0 when told to stop, 1 when it could not start.</returns>
    public static async Task<int> RunAsync(NodeSettings settings, TimeProvider time)
    {
        using var engine = new Engine(settings.Behaviour, time);
        using var log = settings.ServingLog is { } file ? new ServingLog(file, settings.NodeId, time) : null;
        await using var app = Build(settings, engine, time);
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            await Console.Error.WriteLineAsync($"Can't listen on {settings.Host}:{settings.Port}: {e.Message}");
            return 1;
        }
        Console.WriteLine($"hypervize-simulator: {settings.NodeId} listens on {app.Urls.Single()} and loads {settings.ServedName}");

        try
        {
            using var loading = Tracing.ModelLoad();
            await engine.LoadAsync(app.Lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException)
        {
            await app.WaitForShutdownAsync();
            return 0;
        }
        if (engine.ReadyAt is not { } readyAt)
        {
            await Console.Error.WriteLineAsync(Faults.LoadError);
            return 1;
        }
        Console.WriteLine($"hypervize-simulator: {settings.NodeId} is ready since {readyAt.ToIso()}");

        using var stopped = new CancellationTokenSource();
        var logging = log?.ServeAsync(readyAt, stopped.Token) ?? Task.CompletedTask;
        await app.WaitForShutdownAsync();
        await stopped.CancelAsync();
        await logging;
        return 0;
    }

    private static WebApplication Build(NodeSettings settings, Engine engine, TimeProvider time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseSockets(sockets => sockets.Backlog = Backlog).UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(new IPEndPoint(settings.Host, settings.Port));
            kestrel.Limits.MaxRequestBodySize = MostBodyBytes;
            kestrel.AddServerHeader = false;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = MostForFinishing);
        builder.AddTracing(settings.NodeId);

        var app = builder.Build();
        var faults = new Faults(settings.Behaviour, time);
        var completions = new Completions(engine, faults, settings, time);
        var embeddings = new Embeddings(engine, faults, settings);
        app.Run(async http =>
        {
            // Who reads any answer at all, an error's or a metric's, can see what it came from.
            http.Response.Headers.Server = Speech.Fingerprint;
            if (http.Request.Headers.TryGetValue("x-request-id", out var id)) http.Response.Headers["x-request-id"] = id;
            try
            {
                if (faults.Unresponsive) await Task.Delay(Timeout.InfiniteTimeSpan, time, http.RequestAborted);
                await ((http.Request.Method, http.Request.Path.Value, engine.ReadyAt) switch
                {
                    ("GET", "/health", var readyAt) => Health.WriteAsync(http, readyAt),
                    ("GET", "/metrics", _) => Metrics.WriteAsync(http, engine, settings),
                    (_, _, null) => Loading.WriteAsync(http),
                    ("GET", "/v1/models", { } readyAt) => ServedModels.WriteAsync(http, settings.ServedName, readyAt),
                    ("POST", "/v1/chat/completions", _) => completions.AnswerAsync(http, CompletionKind.Chat),
                    ("POST", "/v1/completions", _) => completions.AnswerAsync(http, CompletionKind.Text),
                    ("POST", "/v1/embeddings", _) => embeddings.AnswerAsync(http),
                    var (method, path, _) => new Refusal(404, "unknown_url", $"There is no {method} {path} here.").WriteAsync(http),
                });
            }
            catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
            {
                // The client went. Its slot is free again; there is nobody to tell.
            }
        });
        return app;
    }
}
