using System.ComponentModel.DataAnnotations;

namespace Hypervize.Provisioner;

/// <summary>Where the other services are.</summary>
public sealed class PeerSettings
{
    /// <summary>Base address of the endpoints service.</summary>
    [Required] public Uri? Endpoints { get; set; }
}
