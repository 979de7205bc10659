using System.Text.Json;
using Hypervize.Contracts;
using Hypervize.Endpoints.Api;
using Hypervize.EventSourcing;
using Hypervize.Hosting;

namespace Hypervize.Endpoints.Watching;

/// <summary>A watcher's stream of server-sent events: each endpoint's states with versions that only rise, and its end.</summary>
/// <param name="to">The answer.</param>
/// <param name="resources">Shows states as resources.</param>
/// <param name="cancel">Stops.</param>
public sealed class WatchedEvents(HttpResponse to, EndpointResources resources, CancellationToken cancel)
{
    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);

    /// <summary>Ids of the endpoints that the watcher knows.</summary>
    public IReadOnlyCollection<string> Known => _told.Keys;

    /// <summary>Tells an endpoint's state, unless it is no news.</summary>
    /// <param name="it">The state.</param>
    public Task TellAsync(Snapshot<EndpointState> it)
    {
        if (it.State.Status == EndpointStatus.Deleted) return GoneAsync(it.Id);
        if (_told.TryGetValue(it.Id, out var version) && version >= it.Version) return Task.CompletedTask;
        _told[it.Id] = it.Version;
        return WriteAsync("endpoint", resources.Of(it.State, it.Version));
    }

    /// <summary>Tells that an endpoint is gone, if the watcher knows it.</summary>
    /// <param name="id">The endpoint.</param>
    public Task GoneAsync(string id) => _told.Remove(id) ? WriteAsync("deleted", new { Id = id }) : Task.CompletedTask;

    /// <summary>Tells that all that there is was told.</summary>
    public Task ReadyAsync() => WriteAsync("ready", new { });

    /// <summary>A comment: the connection is seen to be in use.</summary>
    public Task BeatAsync() => to.WriteAsync(":\n\n", cancel);

    // The data has no line breaks. The write waits for a client that reads slowly.
    private Task WriteAsync(string type, object data) => to.WriteAsync($"event: {type}\ndata: {JsonSerializer.Serialize(data, Json.Options)}\n\n", cancel);
}
