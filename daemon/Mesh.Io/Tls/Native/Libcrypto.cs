using System.Runtime.InteropServices;

namespace Mesh.Io.Tls.Native;

/// <summary>The functions of OpenSSL 3's libcrypto that TLS sessions need. Declarations only; meanings are in the manual pages of the same names.
/// SuppressGCTransition is on functions that read or write a few fields and neither block nor call back.</summary>
internal static unsafe partial class Libcrypto
{
    private const string Library = "libcrypto.so.3";

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void ERR_clear_error();

    [LibraryImport(Library)]
    internal static partial nuint ERR_peek_error();

    [LibraryImport(Library)]
    internal static partial byte* ERR_reason_error_string(nuint error);

    [LibraryImport(Library)]
    internal static partial int BIO_get_new_index();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint BIO_meth_new(int type, string name);

    [LibraryImport(Library)]
    internal static partial int BIO_meth_set_read(nint method, delegate* unmanaged[Cdecl]<nint, byte*, int, int> read);

    [LibraryImport(Library)]
    internal static partial int BIO_meth_set_write(nint method, delegate* unmanaged[Cdecl]<nint, byte*, int, int> write);

    [LibraryImport(Library)]
    internal static partial int BIO_meth_set_ctrl(nint method, delegate* unmanaged[Cdecl]<nint, int, nint, nint, nint> control);

    [LibraryImport(Library)]
    internal static partial nint BIO_new(nint method);

    [LibraryImport(Library)]
    internal static partial void BIO_set_init(nint bio, int init);

    [LibraryImport(Library)]
    internal static partial void BIO_set_data(nint bio, void* data);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void* BIO_get_data(nint bio);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void BIO_set_flags(nint bio, int flags);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial void BIO_clear_flags(nint bio, int flags);

    [LibraryImport(Library)]
    internal static partial nint d2i_X509(nint reuse, byte** der, nint length);

    [LibraryImport(Library)]
    internal static partial int i2d_X509(nint certificate, byte** der);

    [LibraryImport(Library)]
    internal static partial void X509_free(nint certificate);

    [LibraryImport(Library)]
    internal static partial nint X509_get0_notAfter(nint certificate);

    [LibraryImport(Library)]
    internal static partial int ASN1_TIME_to_tm(nint time, BrokenDownTime* result);

    [LibraryImport(Library)]
    internal static partial int OPENSSL_sk_num(nint stack);

    [LibraryImport(Library)]
    internal static partial nint OPENSSL_sk_value(nint stack, int index);

    [LibraryImport(Library)]
    internal static partial int X509_STORE_add_cert(nint store, nint certificate);

    [LibraryImport(Library)]
    internal static partial byte* X509_verify_cert_error_string(nint code);

    [LibraryImport(Library)]
    internal static partial void X509_VERIFY_PARAM_set_time(nint parameters, nint unixSeconds);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int X509_VERIFY_PARAM_set1_host(nint parameters, string name, nuint length);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int X509_VERIFY_PARAM_set1_ip_asc(nint parameters, string address);

    [LibraryImport(Library)]
    internal static partial nint d2i_AutoPrivateKey(nint reuse, byte** der, nint length);

    [LibraryImport(Library)]
    internal static partial void EVP_PKEY_free(nint key);
}
