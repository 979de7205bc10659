using System.ComponentModel.DataAnnotations;
using System.Net.Http.Headers;
using System.Security.Claims;
using Hypervize.Contracts;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Hypervize.Hosting;

/// <summary>The key that signs identities between the front door and the services.</summary>
public sealed class IdentitySettings : IValidatableObject
{
    /// <summary>Base64 of at least 32 random bytes; the same for all services of an installation.</summary>
    [Required] public string SigningKey { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var bytes = new byte[SigningKey.Length];
        if (!Convert.TryFromBase64String(SigningKey, bytes, out var length) || length < 32)
            yield return new("Give base64 of at least 32 random bytes, for example from: openssl rand -base64 32", [nameof(SigningKey)]);
    }
}

/// <summary>Who calls: a key of an account, or another service.</summary>
/// <param name="Name">The key's prefix, or the service's name; it stands in events as the one who asked.</param>
/// <param name="AccountId">The account; null for a service.</param>
/// <param name="Scopes">What the key may do; empty for a service.</param>
public sealed record Caller(string Name, string? AccountId, IReadOnlyList<KeyScope> Scopes)
{
    private const string AccountClaim = "account";
    internal const string ScopeClaim = "scope";
    internal const string ServiceScope = "service";

    /// <summary>Whether it may see and change every account.</summary>
    public bool IsOperator => Scopes.Contains(KeyScope.Operator);

    /// <summary>Whether it may do what a scope allows: <c>global</c> includes the account's scopes, <c>operator</c> includes all.</summary>
    /// <param name="scope">The scope that is needed.</param>
    public bool May(KeyScope scope) => Scopes.Contains(scope) || IsOperator || (scope != KeyScope.Operator && Scopes.Contains(KeyScope.Global));

    /// <summary>The caller of a request that was authenticated.</summary>
    /// <param name="user">The request's principal.</param>
    public static Caller From(ClaimsPrincipal user) => new(
        user.FindFirstValue(JwtRegisteredClaimNames.Sub) ?? throw new InvalidOperationException("The identity names nobody."),
        user.FindFirstValue(AccountClaim),
        [.. user.FindAll(ScopeClaim).Where(c => c.Value != ServiceScope).Select(c => Enum.Parse<KeyScope>(c.Value))]);

    internal Dictionary<string, object> Claims()
    {
        var claims = new Dictionary<string, object>
        {
            [JwtRegisteredClaimNames.Sub] = Name,
            [ScopeClaim] = AccountId is null ? [ServiceScope] : Scopes.Select(s => s.ToString()).ToArray(),
        };
        if (AccountId is not null) claims[AccountClaim] = AccountId;
        return claims;
    }
}

/// <summary>Signs short-lived identities: JWTs that services accept from each other and from the front door.</summary>
public sealed class IdentityIssuer(IdentitySettings settings, TimeProvider time)
{
    internal const string Issuer = "hypervize";

    /// <summary>How long an identity is good for.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly SigningCredentials _credentials = new(Key(settings), SecurityAlgorithms.HmacSha256);
    private readonly JsonWebTokenHandler _handler = new();

    /// <summary>Signs an identity.</summary>
    /// <param name="caller">Who it is for.</param>
    public string Issue(Caller caller)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return _handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer, Audience = Issuer, IssuedAt = now, NotBefore = now, Expires = now + Lifetime,
            Claims = caller.Claims(), SigningCredentials = _credentials,
        });
    }

    /// <summary>Whether a token is a good identity of another service. For the few routes of a service that asks for no identities.</summary>
    /// <param name="token">The token.</param>
    public async Task<bool> IsServiceAsync(string token) =>
        await _handler.ValidateTokenAsync(token, Validation(_credentials.Key)) is { IsValid: true } valid
        && valid.ClaimsIdentity.HasClaim(Caller.ScopeClaim, Caller.ServiceScope);

    internal static TokenValidationParameters Validation(SecurityKey? key) => new()
    {
        ValidIssuer = Issuer, ValidAudience = Issuer, ClockSkew = TimeSpan.FromSeconds(10), IssuerSigningKey = key, ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
    };

    internal static SymmetricSecurityKey Key(IdentitySettings settings) => new(Convert.FromBase64String(settings.SigningKey));
}

/// <summary>How a service tells who calls it.</summary>
public static class Identity
{
    private const string ServicesOnly = "services";

    /// <summary>Refuses calls without a signed identity, on every route that does not allow anonymous calls.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="service">Its name, under which it calls others.</param>
    public static void AddIdentity(this WebApplicationBuilder builder, Settings settings, string service)
    {
        var identity = builder.AddOwnIdentity(settings, service);
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(o =>
        {
            o.MapInboundClaims = false;
            o.TokenValidationParameters = IdentityIssuer.Validation(settings.Errors.Count == 0 ? IdentityIssuer.Key(identity) : null);
        });
        builder.Services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
            .AddPolicy(ServicesOnly, p => p.RequireClaim("scope", Caller.ServiceScope));
    }

    /// <summary>Lets the service sign identities and call others under its name; whoever calls it is not asked for one.</summary>
    /// <param name="builder">The service.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="service">Its name, under which it calls others.</param>
    public static IdentitySettings AddOwnIdentity(this WebApplicationBuilder builder, Settings settings, string service)
    {
        builder.Services.AddSingleton<IdentityIssuer>();
        builder.Services.AddTransient(p => new ServiceIdentity(p.GetRequiredService<IdentityIssuer>(), service));
        return settings.Read<IdentitySettings>("Identity");
    }

    /// <summary>Lets only other services in.</summary>
    /// <typeparam name="T">Kind of route builder.</typeparam>
    /// <param name="routes">Routes under <c>/internal</c>.</param>
    public static T ForServicesOnly<T>(this T routes) where T : IEndpointConventionBuilder => routes.RequireAuthorization(ServicesOnly);

    /// <summary>A client of another service that shows this service's identity.</summary>
    /// <param name="services">The service's container.</param>
    /// <param name="name">Name of the client.</param>
    /// <param name="baseAddress">The other service's address.</param>
    public static IHttpClientBuilder AddServiceClient(this IServiceCollection services, string name, Uri baseAddress) =>
        services.AddHttpClient(name, c => (c.BaseAddress, c.Timeout) = (baseAddress, TimeSpan.FromSeconds(10))).AddHttpMessageHandler<ServiceIdentity>();
}

/// <summary>Puts a service's identity on the calls it makes.</summary>
public sealed class ServiceIdentity(IdentityIssuer issuer, string service) : DelegatingHandler
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", issuer.Issue(new Caller(service, null, [])));
        return base.SendAsync(request, cancellationToken);
    }
}
