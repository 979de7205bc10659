using System.ComponentModel.DataAnnotations;
using Hypervize.Contracts;
using Hypervize.EventSourcing;

namespace Hypervize.Endpoints.Keys;

/// <summary>The first key of an installation, chosen by who installs it.</summary>
public sealed class BootstrapSettings : IValidatableObject
{
    /// <summary>A whole key, <c>hvz_live_</c> and 33 letters and digits; it gets the scopes operator and global.</summary>
    [Required] public string OperatorKey { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (KeySecret.Parse(OperatorKey) is null) yield return new("Give hvz_live_ and 33 letters and digits.", [nameof(OperatorKey)]);
    }
}

/// <summary>Ensures at start that the operator's account holds the key that the settings name.</summary>
/// <remarks>A key that was revoked stays so: another in the settings is a new one.</remarks>
public sealed class Bootstrap(BootstrapSettings settings, EventStreams<AccountState, AccountEvent> accounts, TimeProvider time) : IHostedService
{
    /// <summary>Who issued a key that came from the settings.</summary>
    public const string By = "bootstrap";

    /// <summary>Id of the operator's account.</summary>
    public const string OperatorAccount = "acct-000000000000";

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = KeySecret.Parse(settings.OperatorKey)!.Stored("", By, [KeyScope.Operator, KeyScope.Global], now);
        key = key with { Id = $"key-{key.Hash[..12]}" }; // The same at every start and every replica.
        return accounts.DecideAsync(OperatorAccount, (state, _) => AccountDecider.Ensure(state, OperatorAccount, "operator", key, By, now), cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
