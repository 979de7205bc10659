using Hypervize.Provisioner.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>Stands in for a node, as far as its metrics go.</summary>
internal sealed class MetricsStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;

    private MetricsStandIn(WebApplication app) => _app = app;

    /// <summary>Starts one.</summary>
    /// <param name="metrics">What it answers; is told when whoever asks gives up.</param>
    public static async Task<MetricsStandIn> StartAsync(Func<CancellationToken, Task<string>> metrics)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapGet("/metrics", metrics);
        await app.StartAsync();
        return new(app);
    }

    /// <summary>The node it plays.</summary>
    public NodeManifest Node(string id) => new(
        id, Some.Endpoint, "test", Some.Spec, new Uri(_app.Urls.Single()).Port, _app.Urls.Single(), new RuntimeProfile().Probe, Some.Noon, Some.Noon, NodeProcess.Boot, null);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
