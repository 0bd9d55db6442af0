import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("linnapp", "0025_browsers_sign_in_once_more"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sought_encrypted", models.TextField(editable=False)),
                ("begun_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="deleted")),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="looked for next")),
            ],
            options={
                "verbose_name": "deletion of a person",
                "verbose_name_plural": "deletions of people",
            },
        ),
        migrations.CreateModel(
            name="MailRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("INVITATION", "Invitation"),
                            ("CONFIRMATION", "Confirmation of an address"),
                            ("PASSWORD", "Link for a new password"),
                            ("SIGN_IN", "About a sign-in"),
                            ("NOTICE", "What somebody did"),
                            ("UPDATES", "Updates that wait"),
                            ("POSTBACKS", "Postbacks and events"),
                            ("HELP", "Answers of support"),
                            ("CASES", "Cases of support"),
                            ("OTHER", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
            ],
            options={
                "verbose_name": "e-mail that is not wanted",
                "verbose_name_plural": "e-mails that are not wanted",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="deleted_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="deleted"),
        ),
        migrations.AlterField(
            model_name="outgoingmail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("INVITATION", "Invitation"),
                    ("CONFIRMATION", "Confirmation of an address"),
                    ("PASSWORD", "Link for a new password"),
                    ("SIGN_IN", "About a sign-in"),
                    ("NOTICE", "What somebody did"),
                    ("UPDATES", "Updates that wait"),
                    ("POSTBACKS", "Postbacks and events"),
                    ("HELP", "Answers of support"),
                    ("CASES", "Cases of support"),
                    ("OTHER", "Other"),
                ],
                default="OTHER",
                editable=False,
                max_length=20,
                verbose_name="about",
            ),
        ),
        migrations.AddIndex(
            model_name="timelineentry",
            index=models.Index(
                condition=models.Q(("actor_id__isnull", False)), fields=["actor_id", "id"], name="timeline_by_person"
            ),
        ),
        migrations.AddField(
            model_name="deletion",
            name="person",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="mailrefusal",
            name="account",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="linnapp.account",
            ),
        ),
        migrations.AddField(
            model_name="mailrefusal",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="mailrefusal",
            constraint=models.UniqueConstraint(fields=("user", "kind", "account"), name="one_refusal_of_an_account"),
        ),
        migrations.AddConstraint(
            model_name="mailrefusal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("account", None)), fields=("user", "kind"), name="one_refusal_of_a_kind"
            ),
        ),
    ]
