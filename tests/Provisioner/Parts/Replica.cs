using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Hosting;
using Hypervize.Provisioner.Api;

namespace Hypervize.Provisioner.Tests.Parts;

/// <summary>The provisioner as it ships: a process, which can be killed.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly ServiceProcess _process;
    private readonly Identities _identities;

    private Replica(ServiceProcess process, Identities identities) => (_process, _identities) = (process, identities);

    public string Log => string.Join('\n', _process.Output);

    public static async Task<Replica> StartAsync(Identities identities, IReadOnlyDictionary<string, string> settings) =>
        new(await ServiceProcess.StartAsync("Provisioner", settings), identities);

    public async Task<IReadOnlyList<RunningNode>> NodesAsync() => (await (await GetAsync("/internal/nodes", null)).Content.ReadFromJsonAsync<IReadOnlyList<RunningNode>>(Json.Options))!;

    public async Task<HttpResponseMessage> GetAsync(string path, string? account, string accept = "text/plain")
    {
        using var http = _identities.Client(_process.Url, new("test", account, account is null ? [] : [KeyScope.Manage]));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        return await http.SendAsync(request);
    }

    /// <summary>Follows a stream of events until it ends. One that is refused has none.</summary>
    public async IAsyncEnumerable<ServerEvent> EventsAsync(string path, string account, string? lastEventId = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using var http = _identities.Client(_process.Url, new("test", account, [KeyScope.Manage]));
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new("text/event-stream") } } };
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        await foreach (var e in ServerEvents.ReadAsync(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancel), cancel)) yield return e;
    }

    /// <summary>Asks it to stop, as an operator does, and waits until it has.</summary>
    public Task TerminateAsync() => _process.TerminateAsync();

    /// <summary>Ends it without a warning.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Stops and resumes it, as a machine does that is out of breath.</summary>
    public static Task SignalAsync(int pid, string signal) => Process.Start("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)]).WaitForExitAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
