using System.ComponentModel.DataAnnotations;

namespace Hypervize.Proxy;

/// <summary>What is particular to the proxy.</summary>
public sealed class ProxySettings : IValidatableObject
{
    /// <summary>File that keeps the read model, so that a proxy restarted while all else is down still serves.</summary>
    [Required] public string StateFile { get; set; } = "";

    /// <summary>Seconds for which a proxy that is cut off accepts the keys it knows; then it refuses all, since any may have been revoked.</summary>
    [Range(1, 30 * 86400)] public int KeysMaxAgeSeconds { get; set; } = 3600;

    /// <summary>A second address to listen at, for services only; empty when none asks the proxy anything.</summary>
    public string InternalUrl { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (InternalUrl.Length > 0 && !(Uri.TryCreate(InternalUrl, UriKind.Absolute, out var url) && url is { Scheme: "http", Port: > 0 }))
            yield return new("Give an address such as http://127.0.0.1:8081, or leave it out", [nameof(InternalUrl)]);
    }
}

/// <summary>Where the services are that the proxy is the front door of.</summary>
public sealed class PeerSettings
{
    /// <summary>Base address of endpoints.</summary>
    [Required] public Uri? Endpoints { get; set; }

    /// <summary>Base address of the provisioner.</summary>
    [Required] public Uri? Provisioner { get; set; }

    /// <summary>Base address of the autoscaler.</summary>
    [Required] public Uri? Autoscaler { get; set; }

    /// <summary>Base address of billing.</summary>
    [Required] public Uri? Billing { get; set; }

    /// <summary>Base address of the dashboard; null where there is none.</summary>
    public Uri? Dashboard { get; set; }
}

/// <summary>The services behind the front door, by name.</summary>
public static class Peers
{
    /// <summary>Owner of endpoints and accounts; also the name of its client.</summary>
    public const string Endpoints = "endpoints";

    /// <summary>Owner of nodes.</summary>
    public const string Provisioner = "provisioner";

    /// <summary>Decides numbers of nodes.</summary>
    public const string Autoscaler = "autoscaler";

    /// <summary>Owner of bills.</summary>
    public const string Billing = "billing";

    /// <summary>What people see.</summary>
    public const string Dashboard = "dashboard";
}

/// <summary>This run of the proxy: a new id at every start.</summary>
/// <param name="Id"><c>proxy-</c> and 12 hex digits.</param>
public sealed record ProxyInstance(string Id)
{
    /// <summary>An instance with an id of its own.</summary>
    public static ProxyInstance New() => new($"proxy-{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6))}");
}
