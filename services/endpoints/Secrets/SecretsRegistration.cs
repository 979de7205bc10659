using Hypervize.EventSourcing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace Hypervize.Endpoints.Secrets;

/// <summary>Registers what keeps secrets.</summary>
public static class SecretsRegistration
{
    private const string Application = "hypervize-endpoints";

    /// <summary>Adds endpoints' secrets and the key ring that protects them.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="settings">The master key.</param>
    /// <param name="log">The event log, whose database they lie in.</param>
    public static void AddSecrets(this IServiceCollection services, SecretsSettings settings, EventLog log)
    {
        log.Configure(store =>
        {
            store.Schema.For<StoredSecrets>().DocumentAlias("secrets");
            store.Schema.For<KeyRingElement>().DocumentAlias(KeyRing.Alias);
        });
        services.AddDataProtection().SetApplicationName(Application);
        services.AddOptions<KeyManagementOptions>().Configure<Hosting.PostgresSettings>((options, postgres) =>
            (options.XmlRepository, options.XmlEncryptor) = (new KeyRing(postgres), new MasterKeyEncryptor(settings)));
        services.AddSingleton<EndpointSecrets>();
    }
}
