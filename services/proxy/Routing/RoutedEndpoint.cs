using Hypervize.Contracts;
using Hypervize.Proxy.Answers;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Routing;

/// <summary>An endpoint as this proxy routes to it.</summary>
/// <param name="Version">Stream version of the state.</param>
/// <param name="State">The state. An endpoint that is gone is still found for a while, with status deleted and no nodes.</param>
/// <param name="Wake">When the steps of its last wake happened; null when none is known.</param>
public sealed record RoutedEndpoint(long Version, EndpointState State, WakeTimes? Wake = null)
{
    /// <summary>Its model's name as JSON.</summary>
    public ReadOnlyMemory<byte> ModelJson { get; } = ModelName.ToJson(State.Settings.Model);

    /// <summary>The same as the first member of an object, with the comma behind it.</summary>
    public ReadOnlyMemory<byte> ModelMember { get; } = (byte[])[.. "\"model\":"u8, .. ModelName.ToJson(State.Settings.Model), (byte)','];
}
