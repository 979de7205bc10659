using Hypervize.Sizing.Analysis;
using Hypervize.Sizing.Hub;

namespace Hypervize.Sizing.Tests;

/// <summary>The reader of models, before a Hub that the tests play.</summary>
public sealed class HubFixture : IAsyncLifetime, IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public HubStandIn Hub { get; private set; } = null!;

    public async Task InitializeAsync() => Hub = await HubStandIn.StartAsync();

    public Task DisposeAsync() => Hub.DisposeAsync().AsTask();

    public void Dispose() => _http.Dispose();

    internal ModelReader Reader(TimeProvider? time = null, Uri? url = null) =>
        new(new HubClient(_http, new(url ?? Hub.Url, null), time ?? TimeProvider.System), () => throw new InvalidOperationException("No bucket is read here."));

    internal async Task<ModelAnalysis> AnalyseAsync(string model, string? token = null, string? quantization = null)
    {
        var answer = await Reader().AnalyseAsync(model, token, quantization, CancellationToken.None);
        Assert.Null(answer.Refusal);
        return answer.Value!;
    }

    internal async Task<ModelRefusal> RefusedAsync(string model, string? token = null)
    {
        var answer = await Reader().AnalyseAsync(model, token, null, CancellationToken.None);
        Assert.Null(answer.Value);
        return answer.Refusal!;
    }
}
