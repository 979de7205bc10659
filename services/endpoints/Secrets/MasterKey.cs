using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace Hypervize.Endpoints.Secrets;

/// <summary>What secrets are protected by.</summary>
public sealed class SecretsSettings : IValidatableObject
{
    private const int Bytes = 32;

    /// <summary>The master key: 32 random bytes in Base64. All replicas have the same; without it no stored secret can be read.</summary>
    [Required] public string MasterKey { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Key() is null) yield return new($"Give {Bytes} random bytes in Base64: openssl rand -base64 {Bytes}", [nameof(MasterKey)]);
    }

    /// <summary>The key; null when it is none.</summary>
    internal byte[]? Key()
    {
        var key = new byte[Bytes];
        return Convert.TryFromBase64String(MasterKey, key, out var written) && written == Bytes ? key : null;
    }
}

/// <summary>Encrypts the key ring, which lies in the database, under the master key, which does not (AES-256-GCM).</summary>
/// <param name="settings">The master key.</param>
public sealed class MasterKeyEncryptor(SecretsSettings settings) : IXmlEncryptor
{
    internal const int NonceBytes = 12, TagBytes = 16;

    /// <inheritdoc/>
    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var sealedKey = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(sealedKey.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(settings.Key()!, TagBytes);
        aes.Encrypt(sealedKey.AsSpan(0, NonceBytes), plain, sealedKey.AsSpan(NonceBytes, plain.Length), sealedKey.AsSpan(NonceBytes + plain.Length));
        CryptographicOperations.ZeroMemory(plain);
        return new(new XElement("sealed", Convert.ToBase64String(sealedKey)), typeof(MasterKeyDecryptor));
    }
}

/// <summary>Decrypts what <see cref="MasterKeyEncryptor"/> has encrypted.</summary>
/// <param name="services">The service's container: the framework makes this by its type's name.</param>
public sealed class MasterKeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    /// <inheritdoc/>
    public XElement Decrypt(XElement encryptedElement)
    {
        var sealedKey = Convert.FromBase64String(encryptedElement.Value);
        var plain = new byte[sealedKey.Length - MasterKeyEncryptor.NonceBytes - MasterKeyEncryptor.TagBytes];
        using var aes = new AesGcm(services.GetRequiredService<SecretsSettings>().Key()!, MasterKeyEncryptor.TagBytes);
        aes.Decrypt(sealedKey.AsSpan(0, MasterKeyEncryptor.NonceBytes), sealedKey.AsSpan(MasterKeyEncryptor.NonceBytes, plain.Length), sealedKey.AsSpan(MasterKeyEncryptor.NonceBytes + plain.Length), plain);
        return XElement.Parse(Encoding.UTF8.GetString(plain));
    }
}
